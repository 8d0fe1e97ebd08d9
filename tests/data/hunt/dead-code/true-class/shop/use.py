from shop.states import FIRST

print(FIRST)
