"""Traffic split: a running museum's visitors get variant A or B, and how long they listen decides.

guide ab split create spring --b style=literary
guide ab split status spring
guide ab split stop spring --keep b
guide ab split kill
"""
