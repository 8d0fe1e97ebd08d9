def parse(text, reader):
    try:
        return reader(text)
    except ValueError:
        return None
    except:  # HIT
        return {}
