package report_test
import ("testing";"os")
func TestShot(t *testing.T){ for n,r:=range reports(){ for _,l:=range languages { os.WriteFile("/tmp/shots/"+n+"."+l+".html",[]byte(html(t,r,l)),0o644)}}}
