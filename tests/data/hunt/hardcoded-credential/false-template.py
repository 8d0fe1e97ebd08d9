def url(user, password, host):
    return f"postgres://{user}:{password}@{host}/shop1"


DSN = "postgres://%(user)s:%(password)s@db.shop.net/shop1"
