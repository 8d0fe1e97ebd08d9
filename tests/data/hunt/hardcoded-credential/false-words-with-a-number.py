def login(driver):
    driver.connect(user="admin", password="Welcome2shop")
    return driver.token == "refreshToken2"
