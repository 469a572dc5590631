# SPDX-License-Identifier: Apache-2.0
import base64
import functools
import json
import threading
import time


class AzureProvider:
    name = "loopback"

    @staticmethod
    def create_cacheable_azure_credential(*args, **kwargs):
        return Credential()


class Credential:
    """Gives tokens that say all that a server asks about and are signed by nobody."""

    def get_token(self, *scopes, **options):
        from azure.core.credentials import AccessToken

        now = int(time.time())
        claims = {"iss": "https://sts.windows.net/loopback/", "aud": "https://storage.azure.com", "iat": now, "nbf": now - 60, "exp": now + 7200}
        return AccessToken(".".join(map(encoded, [{"alg": "HS256", "typ": "JWT"}, claims, "unsigned"])), claims["exp"])


def encoded(value):
    return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()


class GoogleProvider:
    name = "loopback"

    @staticmethod
    def get_gs_storage_client(*args, **kwargs):
        return client_of(threading.get_ident())

    @staticmethod
    def get_credentials(scopes, *args, **kwargs):
        raise NotImplementedError("there are no secrets on this machine")


@functools.lru_cache(maxsize=None)
def client_of(thread):
    """A client may not be shared by threads."""
    from google.auth.credentials import AnonymousCredentials
    from google.cloud import storage

    return storage.Client(credentials=AnonymousCredentials(), project="loopback")  # where it is says STORAGE_EMULATOR_HOST
