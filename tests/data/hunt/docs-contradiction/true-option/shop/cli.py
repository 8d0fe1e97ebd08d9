import argparse

parser = argparse.ArgumentParser()
parser.add_argument("--dry-run", action="store_true")
