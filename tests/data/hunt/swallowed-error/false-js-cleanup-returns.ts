export async function cleanup(folder: string): Promise<void> {
  let tool: Tool
  try {
    tool = await makeTool(folder)
  } catch {
    return
  }
  tool.end()
}
