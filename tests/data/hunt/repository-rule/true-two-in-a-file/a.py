import sys

print(1)  # HIT
sys.exit(2)  # HIT
