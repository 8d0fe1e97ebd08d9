export const isScript = (tag: Tag) => tag.name == "script" || tag.kind == SCRIPT;
export const found = (list: string[], each: string) => list.indexOf(each) != -1;
