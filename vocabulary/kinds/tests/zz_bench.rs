use schema::Format;
use std::time::Instant;
#[test]
fn bench() {
    let pod = std::fs::read_to_string("/tmp/pod.json").unwrap();
    let schema = kinds::schema_of("core.v1.Pod").unwrap();
    println!("{} bytes", pod.len());
    let n = 10000;
    let time = |name: &str, f: &mut dyn FnMut()| {
        if let Ok(only) = std::env::var("ONLY") {
            if only != name {
                return;
            }
        }
        for _ in 0..200 {
            f()
        }
        let t = Instant::now();
        for _ in 0..n {
            f()
        }
        println!("{name}: {:.1} us", t.elapsed().as_secs_f64() * 1e6 / n as f64)
    };
    time("serde_value", &mut || {
        serde_json::from_str::<serde_json::Value>(&pod).unwrap();
    });
    time("parse", &mut || {
        meta::parse(pod.as_bytes()).unwrap();
    });
    time("type_meta", &mut || {
        schema::type_meta(pod.as_bytes(), Format::Json).unwrap();
    });
    time("decode", &mut || {
        schema.decode(pod.as_bytes(), Format::Json).unwrap();
    });
    let value = schema.decode(pod.as_bytes(), Format::Json).unwrap().value;
    let mut v = value.clone();
    time("default", &mut || {
        schema.default(&mut v);
    });
    time("clone", &mut || {
        let _ = value.clone();
    });
    time("prune", &mut || {
        schema.prune(&mut v);
    });
    time("decode_value", &mut || {
        schema.decode_value(value.clone()).unwrap();
    });
    time("to_json", &mut || {
        value.to_json();
    });
    time("to_protobuf", &mut || {
        schema.to_protobuf(&value);
    });
    let pb = schema.to_protobuf(&value);
    time("from_protobuf", &mut || {
        schema.from_protobuf(&pb).unwrap();
    });
}
