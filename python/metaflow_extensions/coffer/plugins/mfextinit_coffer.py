# SPDX-License-Identifier: Apache-2.0
# For Metaflow's own framework as well as for coffer's: it is there when COFFER_DISABLE is set.
ARTIFACT_SERIALIZERS_DESC = [("iotype", ".iotype_serializer.IOTypeSerializer")]
