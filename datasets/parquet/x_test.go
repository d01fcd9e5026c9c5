package parquet_test
import ("testing";"pgregory.net/rapid";"github.com/google/go-cmp/cmp")
func TestX(t *testing.T){
 want:=some(2000)
 p:=save(t,"a.parquet",some(2000))
 got,err:=load(p)
 if err!=nil {t.Fatal(err)}
 if d:=cmp.Diff(want,got,same);d!="" {t.Fatal(d[:500])}
}
var _ = rapid.Check
