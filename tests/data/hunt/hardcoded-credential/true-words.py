def connect(driver):
    return driver.connect(user="root", password="correct-horse-battery")  # HIT
