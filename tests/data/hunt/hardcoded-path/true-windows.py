def export(frame):
    frame.to_excel(r"C:\Users\Petra\Desktop\report.xlsx")  # HIT
