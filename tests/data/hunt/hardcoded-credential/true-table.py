DATABASES = {
    "default": {
        "USER": "shop",
        "PASSWORD": "Nf72-qwLm-0pTz",  # HIT
    }
}
