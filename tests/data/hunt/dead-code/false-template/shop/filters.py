def as_money(value):
    return f"{value:.2f}"
