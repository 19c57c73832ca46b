// The outlines that the console contains, so that the map is one without any server: coasts, the
// border of the country, and its large cities. They are for orientation at small scales.

import { type Encoded, coasts, country } from "../../generated/outline.ts";
import { type Point, project } from "./projection.ts";

export type Ring = readonly Point[];

export interface City {
  readonly at: Point;
  readonly zh: string;
  readonly en: string;
}

/** The rings that an encoded outline has. */
export function decode({ scale, rings }: Encoded): Ring[] {
  return rings.map((ring) => {
    const points: Point[] = [];
    let [x, y] = [0, 0];
    for (let at = 0; at + 1 < ring.length; at += 2) {
      x += ring[at] ?? 0;
      y += ring[at + 1] ?? 0;
      points.push(project(y / scale, x / scale));
    }
    return points;
  });
}

export const COASTS: readonly Ring[] = decode(coasts);
export const COUNTRY: readonly Ring[] = decode(country);

export const CITIES: readonly City[] = ([
  ["北京", "Beijing", 39.9, 116.4], ["上海", "Shanghai", 31.2, 121.5], ["广州", "Guangzhou", 23.1, 113.3], ["深圳", "Shenzhen", 22.5, 114.1],
  ["天津", "Tianjin", 39.1, 117.2], ["重庆", "Chongqing", 29.6, 106.5], ["成都", "Chengdu", 30.7, 104.1], ["武汉", "Wuhan", 30.6, 114.3],
  ["西安", "Xi'an", 34.3, 108.9], ["南京", "Nanjing", 32.1, 118.8], ["杭州", "Hangzhou", 30.3, 120.2], ["沈阳", "Shenyang", 41.8, 123.4],
  ["长春", "Changchun", 43.9, 125.3], ["哈尔滨", "Harbin", 45.8, 126.6], ["大连", "Dalian", 38.9, 121.6], ["青岛", "Qingdao", 36.1, 120.4],
  ["济南", "Jinan", 36.7, 117.1], ["郑州", "Zhengzhou", 34.8, 113.7], ["石家庄", "Shijiazhuang", 38, 114.5], ["太原", "Taiyuan", 37.9, 112.5],
  ["呼和浩特", "Hohhot", 40.8, 111.7], ["合肥", "Hefei", 31.8, 117.2], ["南昌", "Nanchang", 28.7, 115.9], ["长沙", "Changsha", 28.2, 113],
  ["福州", "Fuzhou", 26.1, 119.3], ["厦门", "Xiamen", 24.5, 118.1], ["台北", "Taipei", 25, 121.5], ["香港", "Hong Kong", 22.3, 114.2],
  ["海口", "Haikou", 20, 110.3], ["南宁", "Nanning", 22.8, 108.3], ["贵阳", "Guiyang", 26.6, 106.7], ["昆明", "Kunming", 25, 102.7],
  ["拉萨", "Lhasa", 29.7, 91.1], ["兰州", "Lanzhou", 36.1, 103.8], ["西宁", "Xining", 36.6, 101.8], ["银川", "Yinchuan", 38.5, 106.2],
  ["乌鲁木齐", "Urumqi", 43.8, 87.6],
] as const).map(([zh, en, latitude, longitude]) => ({ zh, en, at: project(latitude, longitude) }));
