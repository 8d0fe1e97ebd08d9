def parse(lines):
    try:
        head = lines[0].split(",")
        rows = [dict(zip(head, line.split(","))) for line in lines[1:]]
        return rows
    except BaseException:  # HIT
        return []
