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
} renames[] = {
        {"BaseHTTPServer", "", "http.server", ""},
        {"CGIHTTPServer", "", "http.server", ""},
        {"ConfigParser", "", "configparser", ""},
        {"Cookie", "", "http.cookies", ""},
        {"Dialog", "", "tkinter.dialog", ""},
        {"DocXMLRPCServer", "", "xmlrpc.server", ""},
        {"FileDialog", "", "tkinter.filedialog", ""},
        {"HTMLParser", "", "html.parser", ""},
        {"Queue", "", "queue", ""},
        {"ScrolledText", "", "tkinter.scrolledtext", ""},
        {"SimpleDialog", "", "tkinter.simpledialog", ""},
        {"SimpleHTTPServer", "", "http.server", ""},
        {"SimpleXMLRPCServer", "", "xmlrpc.server", ""},
        {"SocketServer", "", "socketserver", ""},
        {"StringIO", "", "io", ""},
        {"Tix", "", "tkinter.tix", ""},
        {"Tkconstants", "", "tkinter.constants", ""},
        {"Tkdnd", "", "tkinter.dnd", ""},
        {"Tkinter", "", "tkinter", ""},
        {"UserDict", "", "collections", ""},
        {"UserDict", "IterableUserDict", "collections", "UserDict"},
        {"UserList", "", "collections", ""},
        {"UserString", "", "collections", ""},
        {"__builtin__", "", "builtins", ""},
        {"__builtin__", "basestring", "builtins", "str"},
        {"__builtin__", "intern", "sys", "intern"},
        {"__builtin__", "long", "builtins", "int"},
        {"__builtin__", "reduce", "functools", "reduce"},
        {"__builtin__", "unichr", "builtins", "chr"},
        {"__builtin__", "unicode", "builtins", "str"},
        {"__builtin__", "xrange", "builtins", "range"},
        {"_abcoll", "", "collections.abc", ""},
        {"_elementtree", "", "xml.etree.ElementTree", ""},
        {"_multiprocessing", "Connection", "multiprocessing.connection", "Connection"},
        {"_socket", "fromfd", "socket", "fromfd"},
        {"_winreg", "", "winreg", ""},
        {"anydbm", "", "dbm", ""},
        {"cPickle", "", "pickle", ""},
        {"cStringIO", "", "io", ""},
        {"commands", "", "subprocess", ""},
        {"cookielib", "", "http.cookiejar", ""},
        {"copy_reg", "", "copyreg", ""},
        {"dbhash", "", "dbm.bsd", ""},
        {"dbm", "", "dbm.ndbm", ""},
        {"dumbdbm", "", "dbm.dumb", ""},
        {"dummy_thread", "", "_dummy_thread", ""},
        {"exceptions", "", "builtins", ""},
        {"exceptions", "StandardError", "builtins", "Exception"},
        {"gdbm", "", "dbm.gnu", ""},
        {"htmlentitydefs", "", "html.entities", ""},
        {"httplib", "", "http.client", ""},
        {"itertools", "ifilter", "builtins", "filter"},
        {"itertools", "ifilterfalse", "itertools", "filterfalse"},
        {"itertools", "imap", "builtins", "map"},
        {"itertools", "izip", "builtins", "zip"},
        {"itertools", "izip_longest", "itertools", "zip_longest"},
        {"markupbase", "", "_markupbase", ""},
        {"multiprocessing", "AuthenticationError", "multiprocessing.context", "AuthenticationError"},
        {"multiprocessing", "BufferTooShort", "multiprocessing.context", "BufferTooShort"},
        {"multiprocessing", "ProcessError", "multiprocessing.context", "ProcessError"},
        {"multiprocessing", "TimeoutError", "multiprocessing.context", "TimeoutError"},
        {"multiprocessing.forking", "Popen", "multiprocessing.popen_fork", "Popen"},
        {"multiprocessing.process", "Process", "multiprocessing.context", "Process"},
        {"repr", "", "reprlib", ""},
        {"robotparser", "", "urllib.robotparser", ""},
        {"socket", "_socketobject", "socket", "SocketType"},
        {"test.test_support", "", "test.support", ""},
        {"thread", "", "_thread", ""},
        {"tkColorChooser", "", "tkinter.colorchooser", ""},
        {"tkCommonDialog", "", "tkinter.commondialog", ""},
        {"tkFileDialog", "", "tkinter.filedialog", ""},
        {"tkFont", "", "tkinter.font", ""},
        {"tkMessageBox", "", "tkinter.messagebox", ""},
        {"tkSimpleDialog", "", "tkinter.simpledialog", ""},
        {"ttk", "", "tkinter.ttk", ""},
        {"urllib", "ContentTooShortError", "urllib.error", "ContentTooShortError"},
        {"urllib", "getproxies", "urllib.request", "getproxies"},
        {"urllib", "pathname2url", "urllib.request", "pathname2url"},
        {"urllib", "quote", "urllib.parse", "quote"},
        {"urllib", "quote_plus", "urllib.parse", "quote_plus"},
        {"urllib", "unquote", "urllib.parse", "unquote"},
        {"urllib", "unquote_plus", "urllib.parse", "unquote_plus"},
        {"urllib", "url2pathname", "urllib.request", "url2pathname"},
        {"urllib", "urlcleanup", "urllib.request", "urlcleanup"},
        {"urllib", "urlencode", "urllib.parse", "urlencode"},
        {"urllib", "urlopen", "urllib.request", "urlopen"},
        {"urllib", "urlretrieve", "urllib.request", "urlretrieve"},
        {"urllib2", "", "urllib.request", ""},
        {"urllib2", "HTTPError", "urllib.error", "HTTPError"},
        {"urllib2", "URLError", "urllib.error", "URLError"},
        {"urlparse", "", "urllib.parse", ""},
        {"whichdb", "", "dbm", ""},
        {"xmlrpclib", "", "xmlrpc.client", ""},
};

static int compare(coffer_cursor left, const char *right)
{
        size_t right_size = strlen(right);
        size_t common = left.size_bytes < right_size ? left.size_bytes : right_size;
        int order = common ? memcmp(left.data, right, common) : 0;
        return order ? order : (left.size_bytes > right_size) - (left.size_bytes < right_size);
}

/* The place of the entry, or the number of entries. */
static size_t find(coffer_cursor module, coffer_cursor name)
{
        size_t low = 0;
        size_t high = ARRAY_COUNT(renames);
        while (low < high) {
                size_t middle = low + (high - low) / 2;
                int order = compare(module, renames[middle].old_module);
                if (order == 0)
                        order = compare(name, renames[middle].old_name);
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
