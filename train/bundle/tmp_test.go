package bundle_test
import ("testing";"time";"os")
func TestSizes(t *testing.T){
 for name,f:=range map[string]func() company{"timed":timed,"small":small,"unlost":unlost,"untimed":untimed}{
  s:=time.Now(); c:=f(); t.Log(name,time.Since(s),len(c.file),c.b.Manifest.Recipe,c.b.Reach(), c.b.Manifest.Sections)
  os.WriteFile("/tmp/tt/"+name,c.file,0o644)
 }
}
