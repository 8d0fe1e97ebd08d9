def port_of(text):
    try:
        return int(text)
    except:  # HIT
        return 8080
