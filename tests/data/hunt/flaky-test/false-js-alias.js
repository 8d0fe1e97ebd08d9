// at: test/alias.cy.js
it("waits for the answer", () => {
  cy.intercept("/api").as("answer");
  cy.wait("@answer");
});
