import Fastify from "fastify";
const server = Fastify();
await server.listen({ port: 4000, host: "::" }); // HIT
