"""The report, shown: text for a terminal, one page of HTML, curves as SVG, markers over a bar ruler."""
