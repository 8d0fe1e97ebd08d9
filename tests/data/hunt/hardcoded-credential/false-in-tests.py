# at: tests/test_login.py
def test_login(client):
    assert client.login(password="Vq7!mzR2pLw9")
