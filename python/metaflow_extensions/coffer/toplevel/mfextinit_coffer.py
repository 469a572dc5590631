# SPDX-License-Identifier: Apache-2.0
from ..switch import is_on

if is_on():
    module_overrides = "overrides"
