def connect(driver):
    return driver.connect(password="<your password here>", token="changeme-1234", api_key="XXXXXXXX1234")
