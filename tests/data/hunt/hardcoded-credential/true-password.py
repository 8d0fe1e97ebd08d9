def connect(driver):
    return driver.connect(user="billing", password="Vq7!mzR2pLw9")  # HIT
