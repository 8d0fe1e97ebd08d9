# at: deploy/start.sh
url="hdb://SYSTEM:Zt5rW8qLx2@127.0.0.1:$port?db=X"
other="postgres://shop:Zt5rW8qLx2@db.shop.internal:5432/shop"
