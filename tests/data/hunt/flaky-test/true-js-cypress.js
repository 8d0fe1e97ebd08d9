// at: test/login.cy.js
it("logs in", () => {
  cy.get("form").submit();
  cy.wait(2000); // HIT
  cy.contains("Welcome");
});
