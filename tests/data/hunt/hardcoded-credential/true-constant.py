API_KEY = "f83b2c9d71aa4e0598cbe7"  # HIT
