BROKER = "amqp://worker:Zt5rW8qLx2@queue.shop-backend.net:5672/main"  # HIT
