TOKEN = "/run/secrets/token1"
auth_token_header = "X-Auth-Token-V2"
PASSWORD = "django.contrib.auth.hashers.PBKDF2"
