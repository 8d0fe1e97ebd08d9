export class Mailer {
  private readonly authToken = "mQ4tY7uB1nZ8"; // HIT
}
