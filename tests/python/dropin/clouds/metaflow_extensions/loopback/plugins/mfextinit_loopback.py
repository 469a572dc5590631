# SPDX-License-Identifier: Apache-2.0
"""Credentials for servers on this machine, by Metaflow's own way to bring in others than its default ones."""

AZURE_CLIENT_PROVIDERS_DESC = [("loopback", ".providers.AzureProvider")]
GCP_CLIENT_PROVIDERS_DESC = [("loopback", ".providers.GoogleProvider")]
