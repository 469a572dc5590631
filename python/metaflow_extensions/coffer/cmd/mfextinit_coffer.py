# SPDX-License-Identifier: Apache-2.0
from ..switch import is_on

CMDS_DESC = [("coffer", ".coffer_cmd.cli")] if is_on() else []
