/* SPDX-License-Identifier: Apache-2.0 */
/* What plain pickles of the standard library and of NumPy 1 and 2 name: classes and makers that hold data, and that do
 * nothing else whatever arguments and state they are given. Gathered by pickling what the libraries offer, at every
 * protocol. */
#include "pickle/scan_names.h"

#include "util/cleanup.h"

static const coffer_scan_row rows[] = {
        {"_codecs", "encode", NULL},
        {"argparse", "Namespace", NULL},
        {"array", "_array_reconstructor array", NULL},
        {"builtins",
         "ArithmeticError AssertionError AttributeError BaseException BaseExceptionGroup BlockingIOError "
         "BrokenPipeError BufferError BytesWarning ChildProcessError ConnectionAbortedError ConnectionError "
         "ConnectionRefusedError ConnectionResetError DeprecationWarning EOFError Ellipsis EncodingWarning "
         "EnvironmentError Exception ExceptionGroup FileExistsError FileNotFoundError FloatingPointError "
         "FutureWarning GeneratorExit IOError ImportError ImportWarning IndentationError IndexError "
         "InterruptedError IsADirectoryError KeyError KeyboardInterrupt LookupError MemoryError "
         "ModuleNotFoundError NameError NotADirectoryError NotImplemented NotImplementedError OSError "
         "OverflowError PendingDeprecationWarning PermissionError ProcessLookupError RecursionError "
         "ReferenceError ResourceWarning RuntimeError RuntimeWarning StopAsyncIteration StopIteration "
         "SyntaxError SyntaxWarning SystemError SystemExit TabError TimeoutError TypeError UnboundLocalError "
         "UnicodeDecodeError UnicodeEncodeError UnicodeError UnicodeTranslateError UnicodeWarning UserWarning "
         "ValueError Warning ZeroDivisionError bool bytearray bytes complex dict enumerate float frozenset int "
         "list object range reversed set slice str tuple",
         NULL},
        {"collections", "ChainMap Counter OrderedDict UserDict UserList UserString defaultdict deque", NULL},
        {"copyreg", "__newobj__ __newobj_ex__ _reconstructor", NULL},
        {"datetime", "date datetime time timedelta timezone", NULL},
        {"decimal",
         "Clamped Context Decimal DivisionByZero FloatOperation Inexact InvalidOperation Overflow Rounded "
         "Subnormal Underflow",
         NULL},
        {"difflib", "Match", NULL},
        {"fractions", "Fraction", NULL},
        {"http", "HTTPMethod HTTPStatus", NULL},
        {"ipaddress", "IPv4Address IPv4Interface IPv4Network IPv6Address IPv6Interface IPv6Network", NULL},
        {"numpy",
         "bool bool_ byte bytes_ cdouble clongdouble complex128 complex256 complex64 csingle datetime64 double "
         "dtype float128 float16 float32 float64 half int16 int32 int64 int8 int_ intc longcomplex longdouble "
         "longlong matrix mean ndarray object_ poly1d recarray record short single str_ string_ timedelta64 "
         "ubyte uint uint16 uint32 uint64 uint8 uintc ulonglong unicode_ ushort void",
         NULL},
        {"numpy._core._internal", "_convert_to_stringdtype_kwargs", NULL},
        {"numpy._core.multiarray", "_reconstruct scalar", NULL},
        {"numpy._core.numeric", "_frombuffer", NULL},
        {"numpy._core.records", "recarray record", NULL},
        {"numpy.core.multiarray", "_reconstruct scalar", NULL},
        {"numpy.core.numeric", "_frombuffer", NULL},
        {"numpy.core.records", "recarray record", NULL},
        {"numpy.dtypes",
         "BoolDType BytesDType CLongDoubleDType Complex128DType Complex64DType DateTime64DType Float16DType "
         "Float32DType Float64DType Int16DType Int32DType Int64DType Int8DType LongDoubleDType ObjectDType "
         "StrDType StringDType TimeDelta64DType UInt16DType UInt32DType UInt64DType UInt8DType VoidDType",
         NULL},
        {"numpy.ma", "MaskedArray", NULL},
        {"numpy.ma.core", "MaskedArray MaskedConstant _mareconstruct", NULL},
        {"numpy.matrixlib.defmatrix", "matrix", NULL},
        {"numpy.polynomial.chebyshev", "Chebyshev", NULL},
        {"numpy.polynomial.hermite", "Hermite", NULL},
        {"numpy.polynomial.hermite_e", "HermiteE", NULL},
        {"numpy.polynomial.laguerre", "Laguerre", NULL},
        {"numpy.polynomial.legendre", "Legendre", NULL},
        {"numpy.polynomial.polynomial", "Polynomial", NULL},
        {"numpy.random", "__RandomState_ctor", NULL},
        {"numpy.random._mt19937", "MT19937", NULL},
        {"numpy.random._pcg64", "PCG64 PCG64DXSM", NULL},
        {"numpy.random._philox", "Philox", NULL},
        {"numpy.random._pickle", "__bit_generator_ctor __generator_ctor __randomstate_ctor", NULL},
        {"numpy.random._sfc64", "SFC64", NULL},
        {"numpy.random.bit_generator", "SeedSequence __pyx_unpickle_SeedSequence", NULL},
        {"numpy.rec", "recarray record", NULL},
        {"os", "stat_result terminal_size", NULL},
        {"pathlib", "Path PosixPath PurePath PurePosixPath PureWindowsPath WindowsPath", NULL},
        {"pathlib._local", "Path PosixPath PurePath PurePosixPath PureWindowsPath WindowsPath", NULL},
        {"random", "Random", NULL},
        {"re", "RegexFlag _compile", NULL},
        {"signal", "Handlers Sigmasks Signals", NULL},
        {"statistics", "LinearRegression NormalDist", NULL},
        {"string", "Template", NULL},
        {"time", "struct_time", NULL},
        {"types", "SimpleNamespace", NULL},
        {"urllib.parse", "DefragResult DefragResultBytes ParseResult ParseResultBytes SplitResult SplitResultBytes",
         NULL},
        {"uuid", "SafeUUID UUID", NULL},
        {"zoneinfo", "ZoneInfo ZoneInfo._unpickle", NULL},
};

const coffer_scan_list coffer_scan_allowed = {rows, ARRAY_COUNT(rows)};
