from shop.prices import gross

print(gross(10))
