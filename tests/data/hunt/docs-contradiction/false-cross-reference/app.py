db_url = "sqlite://"
