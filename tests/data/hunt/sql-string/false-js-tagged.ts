export const titles = (prisma: PrismaClient, author: number) =>
  prisma.$queryRaw`SELECT title FROM post WHERE author = ${author}`;
