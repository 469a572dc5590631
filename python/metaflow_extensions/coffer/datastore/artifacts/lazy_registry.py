# SPDX-License-Identifier: Apache-2.0
from coffer.framework.lazy_registry import (
    _ensure_interceptor_installed,
    _interceptor,
    _reset_for_tests,
    _WrappedLoader,
)
