from requests import put


def store(body):
    put("https://api.shop.net/store", data=body)  # HIT
