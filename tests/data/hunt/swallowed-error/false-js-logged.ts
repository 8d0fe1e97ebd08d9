export async function send(mail: Mail): Promise<boolean> {
  try {
    await mail.deliver();
    return true;
  } catch (error) {
    logger.warn("mail not sent", error);
    return false;
  }
}
