# at: shop/settings/dev.py
SECRET_KEY = "u8#kQz41vB!pr9Xe"
