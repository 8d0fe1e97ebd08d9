import smtplib


def mail(message):
    with smtplib.SMTP("mail.shop.net") as server:  # HIT
        server.send_message(message)
