import os

SECRET_KEY = os.environ.get("SECRET_KEY", "u8#kQz41vB!pr9Xe")  # HIT
