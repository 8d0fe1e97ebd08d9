export async function rename(prisma: PrismaClient, id: number, title: string) {
  await prisma.$executeRawUnsafe(`UPDATE post SET title = '${title}' WHERE id = ${id}`); // HIT
}
