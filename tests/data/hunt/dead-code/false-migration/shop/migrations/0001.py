def fill_in_names(apps, editor):
    return None
