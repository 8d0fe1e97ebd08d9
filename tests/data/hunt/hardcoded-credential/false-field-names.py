PASSWORD = "password"
TOKEN = "access_token"
FIELDS = {"password": "user_password", "secret": "client-secret"}
