import csv
from pathlib import Path


def rows():
    with Path("/home/mkowalski/projects/shop/data/orders.csv").open() as file:  # HIT
        yield from csv.reader(file)
