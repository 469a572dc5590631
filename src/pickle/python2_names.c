/* SPDX-License-Identifier: Apache-2.0 */
#include "pickle/python2_names.h"

#include <string.h>

#include "util/cleanup.h"
#include "util/cursor.h"

/* Sorted by module and name. An empty name stands for all names of the module that are not listed themselves. */
static const struct {
        const char *old_module;
        const char *old_name;
        const char *new_module;
        const char *new_name;
        bool both_ways; /* that is also what a pickler of Python 3 writes for the new name */
} renames[] = {
        {"BaseHTTPServer", "", "http.server", "", true},
        {"CGIHTTPServer", "", "http.server", "", false},
        {"ConfigParser", "", "configparser", "", true},
        {"Cookie", "", "http.cookies", "", true},
        {"Dialog", "", "tkinter.dialog", "", true},
        {"DocXMLRPCServer", "", "xmlrpc.server", "", false},
        {"FileDialog", "", "tkinter.filedialog", "", false},
        {"HTMLParser", "", "html.parser", "", true},
        {"Queue", "", "queue", "", true},
        {"ScrolledText", "", "tkinter.scrolledtext", "", true},
        {"SimpleDialog", "", "tkinter.simpledialog", "", false},
        {"SimpleHTTPServer", "", "http.server", "", false},
        {"SimpleXMLRPCServer", "", "xmlrpc.server", "", true},
        {"SocketServer", "", "socketserver", "", true},
        {"StringIO", "", "io", "", false},
        {"Tix", "", "tkinter.tix", "", true},
        {"Tkconstants", "", "tkinter.constants", "", true},
        {"Tkdnd", "", "tkinter.dnd", "", true},
        {"Tkinter", "", "tkinter", "", true},
        {"UserDict", "", "collections", "", false},
        {"UserDict", "IterableUserDict", "collections", "UserDict", true},
        {"UserList", "", "collections", "", false},
        {"UserString", "", "collections", "", false},
        {"__builtin__", "", "builtins", "", true},
        {"__builtin__", "basestring", "builtins", "str", false},
        {"__builtin__", "intern", "sys", "intern", true},
        {"__builtin__", "long", "builtins", "int", true},
        {"__builtin__", "reduce", "functools", "reduce", true},
        {"__builtin__", "unichr", "builtins", "chr", true},
        {"__builtin__", "unicode", "builtins", "str", true},
        {"__builtin__", "xrange", "builtins", "range", true},
        {"_abcoll", "", "collections.abc", "", true},
        {"_elementtree", "", "xml.etree.ElementTree", "", false},
        {"_multiprocessing", "Connection", "multiprocessing.connection", "Connection", true},
        {"_socket", "fromfd", "socket", "fromfd", true},
        {"_winreg", "", "winreg", "", true},
        {"anydbm", "", "dbm", "", true},
        {"cPickle", "", "pickle", "", false},
        {"cStringIO", "", "io", "", false},
        {"commands", "", "subprocess", "", true},
        {"cookielib", "", "http.cookiejar", "", true},
        {"copy_reg", "", "copyreg", "", true},
        {"dbhash", "", "dbm.bsd", "", true},
        {"dbm", "", "dbm.ndbm", "", true},
        {"dumbdbm", "", "dbm.dumb", "", true},
        {"dummy_thread", "", "_dummy_thread", "", true},
        {"exceptions", "", "builtins", "", false},
        {"exceptions", "StandardError", "builtins", "Exception", false},
        {"gdbm", "", "dbm.gnu", "", true},
        {"htmlentitydefs", "", "html.entities", "", true},
        {"httplib", "", "http.client", "", true},
        {"itertools", "ifilter", "builtins", "filter", true},
        {"itertools", "ifilterfalse", "itertools", "filterfalse", true},
        {"itertools", "imap", "builtins", "map", true},
        {"itertools", "izip", "builtins", "zip", true},
        {"itertools", "izip_longest", "itertools", "zip_longest", true},
        {"markupbase", "", "_markupbase", "", true},
        {"multiprocessing", "AuthenticationError", "multiprocessing.context", "AuthenticationError", true},
        {"multiprocessing", "BufferTooShort", "multiprocessing.context", "BufferTooShort", true},
        {"multiprocessing", "ProcessError", "multiprocessing.context", "ProcessError", true},
        {"multiprocessing", "TimeoutError", "multiprocessing.context", "TimeoutError", true},
        {"multiprocessing.forking", "Popen", "multiprocessing.popen_fork", "Popen", true},
        {"multiprocessing.process", "Process", "multiprocessing.context", "Process", true},
        {"repr", "", "reprlib", "", true},
        {"robotparser", "", "urllib.robotparser", "", true},
        {"socket", "_socketobject", "socket", "SocketType", false},
        {"test.test_support", "", "test.support", "", true},
        {"thread", "", "_thread", "", true},
        {"tkColorChooser", "", "tkinter.colorchooser", "", true},
        {"tkCommonDialog", "", "tkinter.commondialog", "", true},
        {"tkFileDialog", "", "tkinter.filedialog", "", true},
        {"tkFont", "", "tkinter.font", "", true},
        {"tkMessageBox", "", "tkinter.messagebox", "", true},
        {"tkSimpleDialog", "", "tkinter.simpledialog", "", true},
        {"ttk", "", "tkinter.ttk", "", true},
        {"urllib", "ContentTooShortError", "urllib.error", "ContentTooShortError", true},
        {"urllib", "getproxies", "urllib.request", "getproxies", true},
        {"urllib", "pathname2url", "urllib.request", "pathname2url", true},
        {"urllib", "quote", "urllib.parse", "quote", true},
        {"urllib", "quote_plus", "urllib.parse", "quote_plus", true},
        {"urllib", "unquote", "urllib.parse", "unquote", true},
        {"urllib", "unquote_plus", "urllib.parse", "unquote_plus", true},
        {"urllib", "url2pathname", "urllib.request", "url2pathname", true},
        {"urllib", "urlcleanup", "urllib.request", "urlcleanup", true},
        {"urllib", "urlencode", "urllib.parse", "urlencode", true},
        {"urllib", "urlopen", "urllib.request", "urlopen", true},
        {"urllib", "urlretrieve", "urllib.request", "urlretrieve", true},
        {"urllib2", "", "urllib.request", "", true},
        {"urllib2", "HTTPError", "urllib.error", "HTTPError", true},
        {"urllib2", "URLError", "urllib.error", "URLError", true},
        {"urlparse", "", "urllib.parse", "", true},
        {"whichdb", "", "dbm", "", false},
        {"xmlrpclib", "", "xmlrpc.client", "", true},
};

/* What a pickler of Python 3 writes, to be read by Python 2, beside the entries above. */
static const struct {
        const char *new_module;
        const char *new_name;
        const char *old_module;
        const char *old_name;
} old_names[] = {
        {"_bz2", "", "bz2", ""},
        {"_dbm", "", "dbm", ""},
        {"_functools", "", "functools", ""},
        {"_functools", "reduce", "__builtin__", "reduce"},
        {"_gdbm", "", "gdbm", ""},
        {"_pickle", "", "pickle", ""},
        {"_socket", "socket", "socket", "_socketobject"},
        {"builtins", "ArithmeticError", "exceptions", "ArithmeticError"},
        {"builtins", "AssertionError", "exceptions", "AssertionError"},
        {"builtins", "AttributeError", "exceptions", "AttributeError"},
        {"builtins", "BaseException", "exceptions", "BaseException"},
        {"builtins", "BrokenPipeError", "exceptions", "OSError"},
        {"builtins", "BufferError", "exceptions", "BufferError"},
        {"builtins", "BytesWarning", "exceptions", "BytesWarning"},
        {"builtins", "ChildProcessError", "exceptions", "OSError"},
        {"builtins", "ConnectionAbortedError", "exceptions", "OSError"},
        {"builtins", "ConnectionError", "exceptions", "OSError"},
        {"builtins", "ConnectionRefusedError", "exceptions", "OSError"},
        {"builtins", "ConnectionResetError", "exceptions", "OSError"},
        {"builtins", "DeprecationWarning", "exceptions", "DeprecationWarning"},
        {"builtins", "EOFError", "exceptions", "EOFError"},
        {"builtins", "EnvironmentError", "exceptions", "EnvironmentError"},
        {"builtins", "Exception", "exceptions", "Exception"},
        {"builtins", "FileExistsError", "exceptions", "OSError"},
        {"builtins", "FileNotFoundError", "exceptions", "OSError"},
        {"builtins", "FloatingPointError", "exceptions", "FloatingPointError"},
        {"builtins", "FutureWarning", "exceptions", "FutureWarning"},
        {"builtins", "GeneratorExit", "exceptions", "GeneratorExit"},
        {"builtins", "IOError", "exceptions", "IOError"},
        {"builtins", "ImportError", "exceptions", "ImportError"},
        {"builtins", "ImportWarning", "exceptions", "ImportWarning"},
        {"builtins", "IndentationError", "exceptions", "IndentationError"},
        {"builtins", "IndexError", "exceptions", "IndexError"},
        {"builtins", "InterruptedError", "exceptions", "OSError"},
        {"builtins", "IsADirectoryError", "exceptions", "OSError"},
        {"builtins", "KeyError", "exceptions", "KeyError"},
        {"builtins", "KeyboardInterrupt", "exceptions", "KeyboardInterrupt"},
        {"builtins", "LookupError", "exceptions", "LookupError"},
        {"builtins", "MemoryError", "exceptions", "MemoryError"},
        {"builtins", "ModuleNotFoundError", "exceptions", "ImportError"},
        {"builtins", "NameError", "exceptions", "NameError"},
        {"builtins", "NotADirectoryError", "exceptions", "OSError"},
        {"builtins", "NotImplementedError", "exceptions", "NotImplementedError"},
        {"builtins", "OSError", "exceptions", "OSError"},
        {"builtins", "OverflowError", "exceptions", "OverflowError"},
        {"builtins", "PendingDeprecationWarning", "exceptions", "PendingDeprecationWarning"},
        {"builtins", "PermissionError", "exceptions", "OSError"},
        {"builtins", "ProcessLookupError", "exceptions", "OSError"},
        {"builtins", "ReferenceError", "exceptions", "ReferenceError"},
        {"builtins", "RuntimeError", "exceptions", "RuntimeError"},
        {"builtins", "RuntimeWarning", "exceptions", "RuntimeWarning"},
        {"builtins", "StopIteration", "exceptions", "StopIteration"},
        {"builtins", "SyntaxError", "exceptions", "SyntaxError"},
        {"builtins", "SyntaxWarning", "exceptions", "SyntaxWarning"},
        {"builtins", "SystemError", "exceptions", "SystemError"},
        {"builtins", "SystemExit", "exceptions", "SystemExit"},
        {"builtins", "TabError", "exceptions", "TabError"},
        {"builtins", "TimeoutError", "exceptions", "OSError"},
        {"builtins", "TypeError", "exceptions", "TypeError"},
        {"builtins", "UnboundLocalError", "exceptions", "UnboundLocalError"},
        {"builtins", "UnicodeDecodeError", "exceptions", "UnicodeDecodeError"},
        {"builtins", "UnicodeEncodeError", "exceptions", "UnicodeEncodeError"},
        {"builtins", "UnicodeError", "exceptions", "UnicodeError"},
        {"builtins", "UnicodeTranslateError", "exceptions", "UnicodeTranslateError"},
        {"builtins", "UnicodeWarning", "exceptions", "UnicodeWarning"},
        {"builtins", "UserWarning", "exceptions", "UserWarning"},
        {"builtins", "ValueError", "exceptions", "ValueError"},
        {"builtins", "Warning", "exceptions", "Warning"},
        {"builtins", "ZeroDivisionError", "exceptions", "ZeroDivisionError"},
        {"collections", "UserList", "UserList", "UserList"},
        {"collections", "UserString", "UserString", "UserString"},
        {"dbm", "whichdb", "whichdb", "whichdb"},
        {"http.server", "CGIHTTPRequestHandler", "CGIHTTPServer", "CGIHTTPRequestHandler"},
        {"http.server", "SimpleHTTPRequestHandler", "SimpleHTTPServer", "SimpleHTTPRequestHandler"},
        {"tkinter.filedialog", "FileDialog", "FileDialog", "FileDialog"},
        {"tkinter.filedialog", "LoadFileDialog", "FileDialog", "LoadFileDialog"},
        {"tkinter.filedialog", "SaveFileDialog", "FileDialog", "SaveFileDialog"},
        {"tkinter.simpledialog", "SimpleDialog", "SimpleDialog", "SimpleDialog"},
        {"xmlrpc.server", "DocCGIXMLRPCRequestHandler", "DocXMLRPCServer", "DocCGIXMLRPCRequestHandler"},
        {"xmlrpc.server", "DocXMLRPCRequestHandler", "DocXMLRPCServer", "DocXMLRPCRequestHandler"},
        {"xmlrpc.server", "DocXMLRPCServer", "DocXMLRPCServer", "DocXMLRPCServer"},
        {"xmlrpc.server", "ServerHTMLDoc", "DocXMLRPCServer", "ServerHTMLDoc"},
        {"xmlrpc.server", "XMLRPCDocGenerator", "DocXMLRPCServer", "XMLRPCDocGenerator"},
};

/* The place of the entry, or the number of entries. */
static size_t find(coffer_cursor module, coffer_cursor name)
{
        size_t low = 0;
        size_t high = ARRAY_COUNT(renames);
        while (low < high) {
                size_t middle = low + (high - low) / 2;
                int order = coffer_cursor_compare_text(module, renames[middle].old_module);
                if (order == 0)
                        order = coffer_cursor_compare_text(name, renames[middle].old_name);
                if (order == 0)
                        return middle;
                if (order < 0)
                        high = middle;
                else
                        low = middle + 1;
        }
        return ARRAY_COUNT(renames);
}

void coffer_python2_name(coffer_cursor *module, coffer_cursor *name)
{
        size_t found = find(*module, *name);
        if (found == ARRAY_COUNT(renames))
                found = find(*module, coffer_cursor_text(""));
        if (found == ARRAY_COUNT(renames))
                return;
        *module = coffer_cursor_text(renames[found].new_module);
        if (renames[found].old_name[0] != '\0')
                *name = coffer_cursor_text(renames[found].new_name);
}

/* Replaces (module, name) when it is what the first two say; an empty name stands for any, and leaves it. */
static bool rename_if(coffer_cursor *module, coffer_cursor *name, const char *new_module, const char *new_name,
                      const char *old_module, const char *old_name)
{
        bool whole = new_name[0] == '\0';
        if (!coffer_cursor_is(*module, new_module) || (!whole && !coffer_cursor_is(*name, new_name)))
                return false;
        *module = coffer_cursor_text(old_module);
        if (!whole)
                *name = coffer_cursor_text(old_name);
        return true;
}

/* By the entries about whole modules, or by the others. */
static bool find_old_name(coffer_cursor *module, coffer_cursor *name, bool whole)
{
        for (size_t i = 0; i < ARRAY_COUNT(old_names); i++)
                if ((old_names[i].new_name[0] == '\0') == whole &&
                    rename_if(module, name, old_names[i].new_module, old_names[i].new_name, old_names[i].old_module,
                              old_names[i].old_name))
                        return true;
        for (size_t i = 0; i < ARRAY_COUNT(renames); i++)
                if (renames[i].both_ways && (renames[i].new_name[0] == '\0') == whole &&
                    rename_if(module, name, renames[i].new_module, renames[i].new_name, renames[i].old_module,
                              renames[i].old_name))
                        return true;
        return false;
}

void coffer_python2_old_name(coffer_cursor *module, coffer_cursor *name)
{
        if (!find_old_name(module, name, false))
                (void)find_old_name(module, name, true);
}
