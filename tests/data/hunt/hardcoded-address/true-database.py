def engine(create_engine):
    return create_engine("postgresql://shop@172.16.3.9:5432/shop")  # HIT
