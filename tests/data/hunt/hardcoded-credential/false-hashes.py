password_hash = "5f4dcc3b5aa765d61d8327deb882cf99"
token_url = "https://login.shop.net/oauth2/token?v=2"
