from shop.a import alpha


def test_alpha():
    assert alpha(1) == 2
